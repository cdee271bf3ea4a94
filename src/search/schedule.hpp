// The numbers each iteration of a rule needs.
#pragma once

#include <cstddef>

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

}  // namespace lanewise
