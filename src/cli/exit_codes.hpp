// What the program tells the shell; a signal has a code of its own.
#pragma once

namespace lanewise::cli {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int bad_input = 2;
inline constexpr int nothing_finite = 3;

}  // namespace lanewise::cli
