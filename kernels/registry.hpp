// Which tables this build holds and which of them this machine can run. Compiled for the baseline.
#pragma once

#include "table.hpp"

namespace lanewise::kernels {

/// The table of that name; null when this build has none.
const Table* find_table(const char* name) noexcept;

/// True when processor and operating system support every feature the kernels of `table` may use.
bool can_run(const Table& table) noexcept;

}  // namespace lanewise::kernels
