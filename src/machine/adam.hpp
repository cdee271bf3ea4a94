// A turn of machine code: what Adam does beside evaluating the objective.
#pragma once

#include <cstddef>

#include "body.hpp"
#include "listing.hpp"

namespace lanewise::machine {

/// Writes one turn (kernels::Turns): the current frame is evaluated and looked at, the previous is moved,
/// with the bits of kernels/advance.ipp. Roots are taken by Newton's method where that is said.
void write_turn(Listing& listing, Body& body, std::size_t instructions, std::size_t dimension,
                bool newton_roots);

/// Where the body of a turn has its rows.
Body::Rows rows_of_turn(std::size_t dimension);

}  // namespace lanewise::machine
