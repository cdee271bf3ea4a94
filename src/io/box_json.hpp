// The box as JSON has it.
#pragma once

#include <nlohmann/json.hpp>

#include "lanewise/box.hpp"

namespace lanewise {

/// A list of {"name", "lower", "upper", "length"?, "log"?}, with lists as bounds of a vector.
nlohmann::ordered_json variables_json(const Box& box);

}  // namespace lanewise
