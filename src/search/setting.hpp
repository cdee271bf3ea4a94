// What a search is given, and what it makes of it once.
#pragma once

#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "starts.hpp"

namespace lanewise {

/// Options as validated; all of it outlives the search.
struct Setting {
    Setting(const Objective& objective, const Box& box, const Options& options);

    const Objective* objective;
    const Box* box;
    const Options* options;
    Starts starts;
    Isa isa;
    int threads;  ///< at most
    double sign;  ///< -1 when maximising
};

}  // namespace lanewise
