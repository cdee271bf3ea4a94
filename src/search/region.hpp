// Where a landscape leads from far out.
#pragma once

#include "engine/halt.hpp"
#include "setting.hpp"

namespace lanewise {

/// Gives the box its region, where starts are drawn and the landscape leads inwards: see Result::region.
/// Variables of which half of the starts are drawn in the logarithm keep all of their range.
void find_region(Setting& setting, Halt& halt);

}  // namespace lanewise
