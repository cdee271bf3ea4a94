// Counts what operator new is asked for in the test program.
#pragma once

#include <atomic>
#include <cstddef>

namespace lanewise::test {

extern std::atomic<std::size_t> allocations;

}  // namespace lanewise::test
