/// The precision that runs go in.
#pragma once

#include <string_view>

namespace lanewise {

enum class Precision { f64, f32 };

std::string_view name(Precision precision) noexcept;  ///< f64, f32

}  // namespace lanewise
