// What a part found, as its last state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "outcome.hpp"
#include "setting.hpp"
#include "state.hpp"

namespace lanewise {

struct FoundPart {
    std::size_t number;
    std::uint64_t search;     ///< search_digest
    std::uint64_t handed_of;  ///< a digest of what all parts of earlier rounds found; 0: nothing was handed
    std::uint64_t found;      ///< a digest of what this one found
    Outcome outcome;
};

/// Whether the part of a search that ended so is done: what it found is what it finds with these options.
bool is_done(SearchStatus status) noexcept;

/// Leaves what is not told of a part: most of the tail of its minima, start ids unless they are asked for,
/// and in the last round parents.
void leave_untold(Outcome& outcome, const Setting& setting);

/// FoundPart::found.
std::uint64_t digest_of(Outcome& outcome);

std::string write_found(const Setting& setting, Outcome& outcome);

/// Of the state of a part that is done, in this box of coordinates.
/// \throws std::invalid_argument where it is damaged, or not as a part can be.
FoundPart read_found(OpenState& state, const Box& box);

}  // namespace lanewise
