// SPDX-License-Identifier: MIT OR Apache-2.0
// Virtual calls: a tree of expressions of several classes, evaluated for many values.
#include "bench.h"

#include <memory>

const struct bench_cases bench_cases = {{150000, 0xda3408b8c24b4b12}, {300, 0xb92f0a4c30e53b92}};

namespace {

class Expression {
public:
  virtual ~Expression() = default;
  virtual int64_t evaluate(int64_t x) const = 0;
  virtual uint32_t size() const {
    return 1;
  }
};

using Owned = std::unique_ptr<Expression>;

class Variable final : public Expression {
public:
  int64_t evaluate(int64_t x) const override {
    return x;
  }
};

class Constant final : public Expression {
public:
  explicit Constant(int64_t value) : value(value) {}
  int64_t evaluate(int64_t) const override {
    return value;
  }

private:
  int64_t value;
};

class Binary : public Expression {
public:
  Binary(Owned left, Owned right) : left(std::move(left)), right(std::move(right)) {}
  uint32_t size() const override {
    return 1 + left->size() + right->size();
  }

protected:
  Owned left, right;
};

class Sum final : public Binary {
public:
  using Binary::Binary;
  int64_t evaluate(int64_t x) const override {
    return left->evaluate(x) + right->evaluate(x);
  }
};

class Product final : public Binary {
public:
  using Binary::Binary;
  int64_t evaluate(int64_t x) const override {
    return (left->evaluate(x) & 0xffffff) * (right->evaluate(x) & 0xffffff);
  }
};

class Choice final : public Binary {
public:
  using Binary::Binary;
  int64_t evaluate(int64_t x) const override {
    return x & 1 ? left->evaluate(x >> 1) : right->evaluate(x >> 1);
  }
};

Owned make(uint32_t depth, uint32_t &seed) {
  uint32_t random = bench_random(&seed) >> 8;
  if (depth == 0)
    return random % 2 ? Owned(new Variable) : Owned(new Constant(random % 1000));
  Owned left = make(depth - 1, seed), right = make(depth - 1, seed);
  switch (random % 3) {
  case 0:
    return std::make_unique<Sum>(std::move(left), std::move(right));
  case 1:
    return std::make_unique<Product>(std::move(left), std::move(right));
  default:
    return std::make_unique<Choice>(std::move(left), std::move(right));
  }
}

} // namespace

uint64_t bench_run(uint32_t size) {
  uint32_t seed = 31;
  Owned expression = make(10, seed);
  uint64_t sum = expression->size();
  for (uint32_t i = 0; i < size; i++)
    sum = bench_mix(sum, static_cast<uint64_t>(expression->evaluate(i)));
  return sum;
}
