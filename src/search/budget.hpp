// The budget of evaluations that Options::max_evaluations leaves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "starts.hpp"

namespace lanewise {

/// Enough to polish one point.
inline std::uint64_t evaluations_of_polish(std::size_t dimension) {
    return 20'000 + 200 * dimension;
}

class Budget {
  public:
    Budget(std::optional<std::uint64_t> most, std::uint64_t spent)
        : left_(most ? std::max(*most, spent) - spent : std::numeric_limits<std::uint64_t>::max()) {}

    /// The number of `wanted` runs, with ids from first_id on, that can be put where they start and be looked
    /// at.
    std::size_t runs(const Starts& starts, std::uint64_t first_id, std::size_t wanted) const {
        if (left_ == std::numeric_limits<std::uint64_t>::max()) return wanted;
        std::uint64_t cost = 0;
        std::size_t runs = 0;
        while (runs < wanted && (cost += starts.evaluations(first_id + runs) + 1) <= left_) ++runs;
        return runs;
    }

    /// Iterations of `alive` runs, beside the look at them; none when there is not enough for that.
    std::optional<std::size_t> iterations(std::size_t wanted, std::size_t alive) const {
        const std::uint64_t each = left_ / alive;
        if (each == 0) return {};
        return std::min<std::uint64_t>(wanted, each - 1);
    }

    std::uint64_t evaluations(std::uint64_t wanted) const { return std::min(wanted, left_); }

  private:
    std::uint64_t left_;
};

}  // namespace lanewise
