// The setup of an engine: objective, box, and how to work on them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "kernels/table.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "objective/coordinates.hpp"
#include "search_box.hpp"

namespace lanewise {

/// The lanes of a tile are a multiple of this.
inline constexpr std::size_t lane_multiple = kernels::lane_group;

struct Setup {
    /// Keeps references to objective and box.
    Setup(const Objective& objective, const Box& box, const Options& options);

    std::shared_ptr<const Coordinates> coordinates;
    const Objective* objective;  ///< a function of the coordinates
    /// The same of some rows of the data, which takes its place in iterations; null: nothing does.
    std::shared_ptr<const Objective> batches;
    /// Rows of memory that evaluations write on.
    std::size_t scratch_rows() const noexcept {
        return std::max(objective->scratch_rows(), batches ? batches->scratch_rows() : 0);
    }
    std::shared_ptr<const SearchBox> box;  ///< of the coordinates
    Isa isa;
    Precision precision;                  ///< of runs
    double sign;                          ///< -1 when maximising
    double target;                        ///< value at which a polish may end, of the minimisation
    int threads;                          ///< at most
    std::size_t tile_lanes;               ///< 0: the engine's choice
    std::optional<std::uint64_t> memory;  ///< bytes that runs may take
    Jit jit;
    bool is_profiled;
    bool tells_ids = false;  ///< Block::ids
};

}  // namespace lanewise
