/// Options of fits by name, their values as text.
#pragma once

#include <string_view>
#include <vector>

#include "lanewise/fit.hpp"

namespace lanewise {

/// Sets an option of a fit, read from text; `start` adds one. The names are those that Options has too, where
/// FitOptions has the same, and "max-steps", "tolerance" and "absolute-sigma"; see fit_option_names.
/// \throws std::invalid_argument naming the option, the text and what is allowed.
void set_fit_option(FitOptions& options, std::string_view name, std::string_view text);

/// The names set_fit_option knows.
std::vector<std::string_view> fit_option_names();

/// The loss of that name. \throws std::invalid_argument with all there are.
Loss parse_loss(std::string_view text);

}  // namespace lanewise
