// From values to registers.
#pragma once

#include <cstddef>

#include "listing.hpp"
#include "target.hpp"

namespace lanewise::machine {

/// Writes a listing for a target. Where registers are short, the value that is used again last makes room
/// (Belady 1966), at no cost where memory holds it already. The time is linear. Returns the vectors of
/// Base::spill that the code needs.
std::size_t allocate(const Listing& listing, Target& target);

}  // namespace lanewise::machine
