// The numbers each iteration of a rule needs.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "lanewise/options.hpp"
#include "table.hpp"

namespace lanewise {

/// alpha in iteration k.
double step_size(const Options& options, std::size_t k);

/// What the kernels call the rule.
kernels::Method kernel_method(const Rule& rule) noexcept;

/// Step `k` (from 0) of a search with these options; see kernels::Step. Computed in double for either
/// precision, with SLEEF's portable scalar functions: the same bits with every C library and processor.
template <class T>
kernels::Step<T> step_at(const Options& options, std::size_t k);

/// Steps of runs that come again and again: of a search's waves, and of their offspring.
template <class T>
class Steps {
  public:
    /// Steps `first` to `first + count - 1`, until the next call. The options differ in alpha and iterations
    /// alone.
    std::span<const kernels::Step<T>> of(const Options& options, std::size_t first, std::size_t count);

  private:
    struct Known {
        double alpha = 0;
        std::size_t iterations = 0;
        std::vector<kernels::Step<T>> steps;  ///< from the first on
    };
    std::array<Known, 2> known_;
    std::vector<kernels::Step<T>> of_stage_;  ///< of runs too long to keep all of them
};

}  // namespace lanewise
