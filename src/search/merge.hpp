// Parts that were worked on, merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/engine.hpp"
#include "lanewise/parts.hpp"
#include "outcome.hpp"
#include "setting.hpp"

namespace lanewise {

struct PartFound {
    std::size_t number;
    std::uint64_t found;      ///< FoundPart::found
    std::uint64_t handed_of;  ///< FoundPart::handed_of
    Outcome outcome;
};

/// The options with which parts are merged: what ends a search at any moment has no part in that.
Options of_merge(Options options);

/// Of the parts, at least one and in order of their numbers. The setting is that of all parts.
Merged merge(const Setting& setting, const std::vector<PartFound>& parts, const Halt& halt, Engine& engine);

}  // namespace lanewise
