/// Searches that are saved, to go on with or to be looked at again. What Options::checkpoint is handed is the
/// whole state of a search: bytes to keep wherever you like, with the problem, its options and a checksum in
/// them. A state that is damaged is refused, as is one of another version of the format. So is one that
/// someone has made up: where a field does not keep to what a search can have come to, the message names it.
/// What cannot be told from a search's own may lead to a wrong result, but to nothing worse.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "lanewise/box.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// What was searched, and how. Of the options, threads, tile_lanes, checkpoint_every and functions are not
/// saved.
struct SavedSearch {
    std::optional<Formula> formula;  ///< the objective, if it is one
    Box box;
    Options options;
};

/// \throws std::invalid_argument saying why this is no state to go on from.
SavedSearch read_saved(std::string_view state);

/// Goes on with a search. What it comes to has the same bits as if it had never stopped; seconds and other
/// counts are those of all its parts, but max_time is the time of this one.
///
/// Objective, box and options are given again, and have to be what they were: threads, tile_lanes, jit,
/// isa among those with fused multiply-add, limits (max_time, max_evaluations, target), checkpoint_every and
/// functions may differ. Whether an objective that is no formula is the same is for the caller to know.
/// \throws std::invalid_argument naming what differs, and as read_saved and minimize do; NothingFinite.
Result resume(std::string_view state, const Objective& objective, const Box& box, const Options& options);

/// The result of a search as far as it is saved, with minima told apart in another way than it did, without
/// running anything again. A search that was not at its end is `interrupted`.
/// \throws std::invalid_argument as read_saved, and when `same_distance` is not possible; NothingFinite.
Result saved_result(std::string_view state, const Objective& objective, double same_distance,
                    std::size_t most_minima);

}  // namespace lanewise
