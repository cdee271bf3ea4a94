// A program of its own: it replaces operator new.
#include "allocations.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using lanewise::test::allocations;

TEST_CASE("an iteration allocates nothing") {
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    const Expression objective("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", box);
    const auto allocated_in = [&](std::size_t iterations) {
        const std::size_t before = allocations;
        minimize(objective, box, {.starts = 333, .iterations = iterations, .threads = 1});
        return allocations - before;
    };
    allocated_in(1000);
    CHECK(allocated_in(1000) == allocated_in(20'000));
}
