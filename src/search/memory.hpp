// How the memory that a search may take is shared out.
#pragma once

#include <cstddef>

#include "findings.hpp"
#include "lanewise/options.hpp"

namespace lanewise {

struct MemoryShares {
    std::size_t largest_wave;    ///< runs that may be going at once
    std::size_t most_offspring;  ///< in all
};

/// \throws std::invalid_argument when what is kept of the starts alone would take more than Options::memory.
MemoryShares share_memory(const Options& options, std::size_t dimension);

/// \throws std::bad_alloc when there is no longer the memory that telling what was found takes.
void require_room_for_result(const Findings& findings, const Box& box);

}  // namespace lanewise
