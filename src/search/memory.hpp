// The shares of the memory that a search may take.
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

/// Memory that is held while a search goes on, for what telling its result takes when there is no other left.
class Spare {
  public:
    Spare() = default;
    Spare(const Spare&) = delete;
    Spare& operator=(const Spare&) = delete;
    ~Spare() { release(); }

    /// Holds as much as these findings take. \throws std::bad_alloc and holds none where that is not there.
    void hold_for(const Findings& findings, const Box& box);
    void release() noexcept;

  private:
    void* memory_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace lanewise
