// Parts that were worked on, merged.
#pragma once

#include <vector>

#include "engine/engine.hpp"
#include "found_part.hpp"
#include "lanewise/parts.hpp"
#include "setting.hpp"

namespace lanewise {

/// The options with which parts are merged: what ends a search at any moment has no part in that.
Options of_merge(Options options);

/// Of the parts, at least one and in order of their numbers. The setting is that of all parts.
Merged merge(const Setting& setting, const std::vector<FoundPart>& parts, const Halt& halt, Engine& engine);

}  // namespace lanewise
