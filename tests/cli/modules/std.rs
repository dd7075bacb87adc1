// SPDX-License-Identifier: MIT OR Apache-2.0
// Rust's standard library: files, directories, maps, time, arguments and environment, a panic.
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, thread};

fn use_files() -> io::Result<()> {
    fs::create_dir_all("tree/a/b")?;
    fs::write("tree/a/one", "one\ntwo\nthree\n")?;
    let mut file = fs::OpenOptions::new().read(true).append(true).open("tree/a/one")?;
    writeln!(file, "four")?;
    file.seek(SeekFrom::Start(4))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("{text:?} {}", file.metadata()?.len());
    file.set_len(7)?;
    fs::copy("tree/a/one", "tree/a/b/copy")?;
    fs::hard_link("tree/a/one", "tree/linked")?;
    fs::rename("tree/a/b/copy", "tree/moved")?;
    let mut names: Vec<String> = fs::read_dir("tree")?
        .map(|entry| entry.map(|e| e.file_name().into_string().unwrap()))
        .collect::<io::Result<_>>()?;
    names.sort();
    println!("{names:?} {} {}", fs::read_to_string("tree/linked")?, fs::metadata("tree/a")?.is_dir());
    println!("{:?}", fs::read("tree/none").unwrap_err().kind());
    println!("{}", fs::remove_dir("tree").is_err());
    fs::remove_dir_all("tree")?;
    println!("{}", fs::metadata("tree").is_err());
    Ok(())
}

fn use_maps() {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        for word in line.split_whitespace() {
            *counts.entry(word.to_string()).or_default() += 1;
        }
    }
    println!("{:?}", counts.into_iter().collect::<BTreeMap<_, _>>());
    let squares: HashMap<u64, u64> = (0..100_000).map(|i| (i, i * i)).collect();
    println!("{} {}", squares.len(), squares.values().map(|v| v % 7).sum::<u64>());
}

fn use_time() {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    println!("{}", start.elapsed() >= Duration::from_millis(5));
    println!("{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() > 1_600_000_000);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    println!("{arguments:?} {:?} {:?}", env::var("COLOUR"), env::var("NONE").is_err());
    use_files().unwrap();
    use_maps();
    use_time();
    let numbers = [1, 2, 3];
    println!("{}", numbers.get(3).is_none());
    if env::args().any(|argument| argument == "panic") {
        let index = env::args().count() + 1;
        println!("{}", numbers[index]);
    }
}
