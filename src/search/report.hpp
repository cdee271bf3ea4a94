// From the ends of all runs to a result.
#pragma once

#include "search.hpp"

namespace lanewise {

/// \throws NothingFinite when no run saw a finite value.
template <class T>
Result report(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
              const Engine& engine, const SearchEnd<T>& end);

}  // namespace lanewise
