// SPDX-License-Identifier: MIT OR Apache-2.0
// C++ with exceptions off: streams, files, containers, algorithms, strings, and the order in which
// static objects are made and destroyed. Counts the words of standard input.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Announced {
  const char *name;
  explicit Announced(const char *n) : name(n) {
    std::cout << name << " made\n";
  }
  ~Announced() {
    std::cout << name << " destroyed\n";
  }
};

Announced first("first"), second("second");

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Square : Shape {
  double side;
  explicit Square(double s) : side(s) {}
  double area() const override {
    return side * side;
  }
};
struct Disc : Shape {
  double radius;
  explicit Disc(double r) : radius(r) {}
  double area() const override {
    return 3.0 * radius * radius;
  }
};

void count_words() {
  std::map<std::string, int> counts;
  for (std::string word; std::cin >> word;)
    counts[word]++;
  for (const auto &[word, count] : counts)
    std::cout << std::setw(8) << std::left << word << std::right << std::setw(3) << count << '\n';
}

// Debian's C++ library for WebAssembly has no file streams; files go by C's, through a stream
// buffer.
class FileBuffer : public std::streambuf {
  std::FILE *file;
  char bytes[64];
  int_type underflow() override {
    size_t got = std::fread(bytes, 1, sizeof bytes, file);
    setg(bytes, bytes, bytes + got);
    return got ? traits_type::to_int_type(bytes[0]) : traits_type::eof();
  }
  int_type overflow(int_type c) override {
    return std::fputc(c, file);
  }
  int sync() override {
    return std::fflush(file);
  }

public:
  FileBuffer(const char *path, const char *mode) : file(std::fopen(path, mode)) {}
  ~FileBuffer() override {
    if (file)
      std::fclose(file);
  }
  bool is_open() const {
    return file != nullptr;
  }
};

void use_files() {
  {
    FileBuffer buffer("numbers.txt", "w");
    std::ostream out(&buffer);
    for (int i = 0; i < 1000; i++)
      out << std::setw(5) << i << (i % 10 == 9 ? '\n' : ' ');
  }
  FileBuffer buffer("numbers.txt", "r");
  std::istream in(&buffer);
  long sum = 0, count = 0;
  for (int number; in >> number; count++)
    sum += number;
  std::cout << count << " numbers, sum " << sum << ", " << in.eof() << in.bad() << '\n';
  std::cout << "missing: " << FileBuffer("missing", "r").is_open() << '\n';
  std::cout << "removed: " << (std::remove("numbers.txt") == 0) << '\n';
}

void use_library() {
  std::vector<std::unique_ptr<Shape>> shapes;
  shapes.push_back(std::make_unique<Square>(2));
  shapes.push_back(std::make_unique<Disc>(1));
  double sum =
      std::accumulate(shapes.begin(), shapes.end(), 0.0,
                      [](double so_far, const auto &shape) { return so_far + shape->area(); });
  std::mt19937_64 numbers(42);
  std::vector<uint64_t> many(100000);
  std::generate(many.begin(), many.end(), numbers);
  std::sort(many.begin(), many.end());
  std::ostringstream text;
  text << sum << ' ' << std::is_sorted(many.begin(), many.end()) << ' ' << many.front() % 1000;
  std::cout << text.str() << '\n';
  std::cout << std::regex_replace(std::string("2026-11-22"), std::regex("(\\d+)-(\\d+)-(\\d+)"),
                                  "$3.$2.$1")
            << '\n';
}

} // namespace

int main() {
  count_words();
  use_files();
  use_library();
  std::cerr << "to standard error\n";
  std::exit(std::cout.good() ? 3 : 1);
}
