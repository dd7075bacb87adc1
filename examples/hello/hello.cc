// SPDX-License-Identifier: MIT OR Apache-2.0
// C++ with its library: strings, containers and an algorithm.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

int main() {
  std::vector<std::string> words = {"from", "Hello", "C++"};
  std::sort(words.begin(), words.end(), [](const std::string &a, const std::string &b) {
    return a.size() > b.size() || (a.size() == b.size() && a > b);
  });
  std::string line;
  for (const std::string &word : words)
    line += line.empty() ? word : " " + word;
  std::puts(line.c_str());
  return 0;
}
