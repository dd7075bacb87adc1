// SPDX-License-Identifier: MIT OR Apache-2.0
// Strings of the C++ library: words are cut out of a text, changed, counted in a hash table,
// sorted.
#include "bench.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

const struct bench_cases bench_cases = {{1100000, 0x4db1ddaf55807f11}, {2000, 0x54fc6694cf9063a6}};

namespace {

// Words of one to four syllables, often the same ones.
std::string make_text(uint32_t words) {
  static const char *const syllables[] = {"ka", "lo", "mi", "ter", "an", "us", "pre", "vi"};
  std::string text;
  uint32_t seed = 37;
  for (uint32_t i = 0; i < words; i++) {
    uint32_t random = bench_random(&seed) >> 5;
    for (uint32_t j = 0; j <= random % 4; j++)
      text += syllables[random >> (3 * j + 4) & 7];
    text += random & 1 << 20 ? ", " : " ";
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; (at = text.find_first_not_of(" ,", at)) != text.npos;) {
    size_t end = std::min(text.find_first_of(" ,", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string decorate(const std::string &word) {
  std::string changed = "<" + word + ">";
  changed[1] = static_cast<char>(changed[1] - 'a' + 'A');
  if (size_t at = changed.find("us"); at != changed.npos)
    changed.replace(at, 2, "orum");
  std::reverse(changed.begin() + 2, changed.end() - 1);
  return changed;
}

uint64_t mix(uint64_t sum, const std::string &string) {
  for (char c : string)
    sum = bench_mix(sum, static_cast<uint8_t>(c));
  return sum;
}

} // namespace

uint64_t bench_run(uint32_t size) {
  std::unordered_map<std::string, uint32_t> counts;
  for (const std::string &word : split(make_text(size)))
    counts[decorate(word)]++;
  std::vector<std::pair<std::string, uint32_t>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  uint64_t sum = 0;
  for (const auto &[word, count] : sorted)
    sum = bench_mix(mix(sum, word), count);
  return sum;
}
