# SPDX-License-Identifier: MIT OR Apache-2.0
# Files, JSON, regular expressions, hashes and the garbage collector of CPython. expected.txt beside it.
import collections, gc, hashlib, io, json, os, re, shutil, sys, time, zlib

print(sys.implementation.name, sys.version_info[:2], sys.platform, sys.argv[1:], os.environ["COLOUR"])
os.chdir("/files")
os.makedirs("tree/a/b")
for i in range(100):
    with open(f"tree/{'ab'[i % 2]}{i:02}.txt", "w", encoding="utf-8") as file:
        file.write(f"füle {i}\n" * i)
os.rename("tree/a00.txt", "tree/a/b/moved")
os.symlink("../b99.txt", "tree/a/link")
sizes = [os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk("tree") for name in names]
print(sum(sizes))
print(sorted(os.listdir("tree/a")), os.readlink("tree/a/link"), os.path.getsize("tree/a/link"))
with open("tree/b99.txt", "r+b") as file:
    file.seek(-5, io.SEEK_END)
    file.truncate()
    file.seek(0)
    print(file.read(9), file.seek(0, io.SEEK_END))
for attempt in (lambda: open("/elsewhere"), lambda: os.rmdir("tree"), lambda: open("tree")):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__)
shutil.rmtree("tree")

table = {f"key{i}": {"square": i * i, "list": [i, None, True, i / 8]} for i in range(2000)}
text = json.dumps(table, sort_keys=True)
print(json.loads(text) == table, hashlib.sha256(text.encode()).hexdigest())
print(zlib.crc32(text.encode()), len(zlib.decompress(zlib.compress(text.encode()))) == len(text))
words = collections.Counter(re.findall(r"[a-z]+(?=\d)", text))
print(words.most_common(1), re.sub(r"(\w)(\w)", r"\2\1", "abcdef"))


class Node:
    pass


for _ in range(20000):
    left, right = Node(), Node()
    left.other, right.other = right, left
print(gc.collect() >= 0, len(gc.get_objects()) < 100000)
start = time.monotonic()
time.sleep(0.01)
print(time.monotonic() > start, time.time() > 1.6e9, len(os.urandom(16)), len(str(3**5000)))
print(sys.stdin.readline().strip())
sys.exit(7)
