// The state of a search as it is handed out: format and problem, what the search itself writes, a checksum.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "archive.hpp"
#include "lanewise/saved.hpp"
#include "setting.hpp"

namespace lanewise {

/// What a state is of.
enum class StateOf {
    search,     ///< that can go on
    done_part,  ///< found_part.hpp
};

/// For the search to write on, or the part.
Writer begin_state(const Setting& setting, StateOf of = StateOf::search);
std::string end_state(Writer writer);

struct OpenState {
    StateOf of;
    SavedSearch search;
    std::uint64_t handed;  ///< a digest of Options::handed
    Isa isa;               ///< that it ran on, available here or not
    bool is_region_known;
    std::optional<Region> region;  ///< in the coordinates of the search
    Reader rest;                   ///< what the search itself wrote
};

/// Of all that has to be the same for all parts of a search.
std::uint64_t search_digest(const Setting& setting);

/// \throws std::invalid_argument when it is none, or damaged.
OpenState open_state(std::string_view state);

/// Two objectives that are no formulas are taken to be the same.
/// \throws std::invalid_argument when it is not that of the search.
void require_same_formula(const OpenState& saved, const Objective& objective);

/// \throws std::invalid_argument naming what differs of all that decides results.
void require_same(const OpenState& saved, const Setting& setting);
/// The same whichever part of a search it is, and whatever that was handed.
void require_same_search(const OpenState& saved, const Setting& setting);

}  // namespace lanewise
