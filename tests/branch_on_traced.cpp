// Must not compile: tests/CMakeLists.txt looks for the message and the line.
#include "lanewise/trace.hpp"

lanewise::Traced absolute(const lanewise::Traced& x) {
    if (x < 0) return -x;
    return x;
}
