/// A search in parts, on one machine or on many: each part is a range of starts with a search of its own, and
/// what all of them found is merged.
///
///     // Anywhere, in any order, as often as it takes:
///     std::string found;
///     lanewise::minimize(objective, box, {.starts = 1'000'000, .parts = 100, .part = 3,
///                                         .checkpoint = [&](std::string_view state) { found = state; }});
///     // When all 100 are there:
///     const lanewise::Options options{.starts = 1'000'000, .parts = 100};
///     const lanewise::Merged merged = lanewise::merge(states, objective, box, options);
///
/// Part k has the start ids Part{k, parts} of all. What it finds is a function of objective, box, options,
/// its number and, in later rounds, of what it was handed: the same bits wherever and whenever it is worked
/// on, and so is what is merged, in whatever order. Its last state (Options::checkpoint) is what it found:
/// minima with their hits, counts, and no runs. States before that are those of a search under way, to
/// resume.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/part.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// The state of a part, with what errors call it.
struct PartState {
    std::string name;
    std::string_view state;
};

struct Merged {
    /// Of all parts together: Result::minima are told apart anew, of the same minimum hits are added up, and
    /// so are all counts. Work::seconds are the sum of the parts' own. The status is `target` where a part
    /// came to it, else parts_missing where parts are missing or rounds are to come. There is no result while
    /// no part has found anything and rounds are to come.
    std::optional<Result> result;
    /// Parts that are not here, of the rounds that are: none unless they were allowed to be missing.
    std::vector<std::size_t> missing;
    bool is_settled;  ///< no further round is needed: see Options::settle
    /// For the parts of the next round: the best minima so far, to make offspring of (Options::handed). Empty
    /// after the last.
    std::string handed;
};

/// Merges what parts of one search found. Those of the first rounds can be merged before others are begun.
/// Memory and time grow as the minima do that are told in the states. Objective, box and options are those of
/// the parts; Options::part is not looked at.
/// \throws std::invalid_argument naming the state that is none of a part that is done, of another search, or
///         of a part that another state is of, too, and, unless `allow_missing`, the parts that are not here.
///         NothingFinite when no part has found anything.
Merged merge(std::span<const PartState> states, const Objective& objective, const Box& box,
             const Options& options, bool allow_missing = false);

/// "parts 1, 2 and 5 to 9"
std::string name_parts(const std::vector<std::size_t>& numbers);

/// The part that a state is of, and whether it is done; nothing where it is of a search that is no part.
struct PartProgress {
    Part part;
    bool is_done;
};
/// \throws std::invalid_argument as read_saved.
std::optional<PartProgress> part_of_state(std::string_view state);

/// Where the states of parts are kept by minimize_parts.
struct PartKeeper {
    std::function<std::optional<std::string>(std::size_t part)> read;  ///< nothing where there is none
    std::function<void(std::size_t part, std::string_view state)> write;
};

/// Works on all parts in this process, round by round, and merges them, as minimize does where there are
/// Options::parts. Parts whose states the keeper has go on from there. \throws as minimize, merge and resume.
Result minimize_parts(const Objective& objective, const Box& box, const Options& options,
                      const PartKeeper& keeper);

}  // namespace lanewise
