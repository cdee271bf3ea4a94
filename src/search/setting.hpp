// The setting of a search: what it is given, and what is made of that once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/setup.hpp"
#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "parent.hpp"
#include "starts.hpp"

namespace lanewise {

/// Checks options against the box, as far as that goes without the objective.
/// \throws std::invalid_argument naming the option, its value and what is allowed.
void validate(const Box& box, const Options& options);

/// Checks objective, box and options as far as runs go that start at given points: bounds may be infinite
/// where the rule can do with that. \throws std::invalid_argument as above.
void validate_runs(const Objective& objective, const Box& box, const Options& options);

/// A part has its share of Options::max_evaluations.
std::optional<std::uint64_t> evaluations_of_part(const Options& options) noexcept;

/// Options as validated; all of it outlives the search. Objective and box of the Setup are those of the
/// coordinates in which it goes.
struct Setting : Setup {
    Setting(const Objective& objective, const Box& box, const Options& options)
        : Setup(objective, box, options),
          options(&options),
          most_evaluations(evaluations_of_part(options)),
          starts(*Setup::box, options, coordinates->points()) {}

    /// Tells where the landscape leads to, or that no region is known, as far as was looked. Nothing may have
    /// looked at box and starts before.
    void narrow(std::optional<Region> region, std::uint64_t evaluations, bool is_known) {
        evaluations_before = evaluations;
        is_region_known = is_known;
        if (!region) return;
        box = std::make_shared<const SearchBox>(*box, std::move(region));
        starts = Starts(*box, *options, coordinates->points());
    }

    const Options* options;
    std::optional<std::uint64_t> most_evaluations;  ///< that the search or part may take
    Starts starts;
    std::vector<Parent> parents = {};  ///< handed to the part: see handed.hpp
    std::uint64_t handed_of = 0;       ///< by these parts
    bool is_handed = false;
    std::uint64_t evaluations_before = 0;  ///< the search, by which the region was looked for
    bool is_region_known = true;           ///< it was looked for to the end, or need not be
};

}  // namespace lanewise
