// How the program ends, beside by a signal.
#pragma once

namespace lanewise::cli {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int bad_input = 2;
inline constexpr int nothing_finite = 3;

}  // namespace lanewise::cli
