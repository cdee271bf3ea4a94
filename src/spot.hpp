// How an error shows where in a text it is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lanewise {

/// "ORIGIN, line 2, column 5: MESSAGE", then the line with a caret under the spot. `position` counts bytes.
std::string show_spot(std::string_view origin, std::string_view text, std::size_t position,
                      std::string_view message);

}  // namespace lanewise
