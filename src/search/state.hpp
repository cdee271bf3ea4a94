// The state of a search as it is handed out: format and problem, what the search itself writes, a checksum.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "archive.hpp"
#include "lanewise/saved.hpp"
#include "setting.hpp"

namespace lanewise {

/// For the search to write on.
Writer begin_state(const Setting& setting);
std::string end_state(Writer writer);

struct OpenState {
    SavedSearch search;
    Isa isa;  ///< that it ran on, available here or not
    bool is_region_known;
    std::optional<Region> region;  ///< in the coordinates of the search
    Reader rest;                   ///< what the search itself wrote
};

/// \throws std::invalid_argument when it is none, or damaged.
OpenState open_state(std::string_view state);

/// Two objectives that are no formulas are taken to be the same.
/// \throws std::invalid_argument when it is not that of the search.
void require_same_formula(const OpenState& saved, const Objective& objective);

/// \throws std::invalid_argument naming what differs of all that decides results.
void require_same(const OpenState& saved, const Setting& setting);

}  // namespace lanewise
