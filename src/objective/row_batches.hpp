// An objective of some rows of its data: others in each iteration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"

namespace lanewise {

/// The objective with its sums over rows taken over `rows` of them and scaled up to all, so that each is what
/// the sum over all rows is on average. Rows are put in a random order once; those of an iteration
/// (Block::iteration) are neighbours in it, from a random row on. All that is a function of the seed.
/// \throws std::invalid_argument where the objective is no formula with rows(...), or has not so many rows.
std::unique_ptr<const Objective> row_batches(const Objective& objective, std::size_t rows, std::uint64_t seed,
                                             Jit jit);

}  // namespace lanewise
