// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rust with its library: arguments, an iterator, formatting.

fn main() {
    let others: Vec<String> = std::env::args().skip(1).collect();
    let whom = if others.is_empty() { String::new() } else { format!(" to {}", others.join(", ")) };
    println!("Hello from Rust{whom}");
}
