// The tail of a part's minima. The best are told, as many as are polished; what a merge lists is among them.
// The others only count, and there may be as many as runs: of them a part tells a sample, with all that is
// known of each. Whether a minimum is in it follows from where it is, so that all parts choose the same: what
// no other part found, or several, shows in the samples as in the whole.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "findings.hpp"
#include "outcome.hpp"
#include "search_box.hpp"

namespace lanewise {

inline constexpr std::size_t most_told = most_last_polished;
inline constexpr std::uint8_t most_tail_halvings = 40;

inline double share_of_tail(std::uint8_t halvings) {
    return std::ldexp(1.0, -halvings);
}

/// Whether a minimum in the tail is in the sample that has the share 2^-halvings.
bool is_in_sample(std::span<const double> x, std::uint8_t halvings, const SearchBox& box);

/// Leaves those in the tail that are not in the largest sample that is small enough to be told. The halvings
/// of that.
std::uint8_t shorten_tail(FoundMinima& minima, const SearchBox& box);

}  // namespace lanewise
