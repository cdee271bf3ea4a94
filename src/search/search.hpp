// The swarm from its starts to the end of its last run: stages of iterations, with a look between them.
#pragma once

#include <cstddef>

#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/result.hpp"
#include "starts.hpp"
#include "swarm.hpp"

namespace lanewise {

/// How a search uses the machine; none of it changes results.
struct Engine {
    Isa isa;
    int threads;
    std::size_t tile_lanes;
};

/// \throws std::invalid_argument when the forced instruction set is not available.
Engine choose_engine(const Objective& objective, const Options& options, std::size_t runs);

template <class T>
struct SearchEnd {
    Swarm<T> swarm;  ///< finished
    SearchStatus status;
    std::size_t iterations;  ///< done by the runs that went furthest
    bool settled;            ///< every run's value where it stands is known; not after a halt
    int threads;             ///< that worked on it
    Work work;
};

/// Runs every start to its end or until a limit of the options is met. Every run's best point is final.
template <class T>
SearchEnd<T> search(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
                    const Engine& engine);

}  // namespace lanewise
