// A suite for an instruction set that this processor lacks ends before its first test. CTest takes what is
// said for a skip.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "lanewise/isa.hpp"

namespace {

[[maybe_unused]] const lanewise::Isa chosen = [] {
    try {
        return lanewise::choose_isa();
    } catch (const std::exception& error) {
        std::puts(error.what());
        std::exit(1);
    }
}();

}  // namespace
