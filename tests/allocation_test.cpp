// A program of its own: it replaces operator new.
#include "allocations.hpp"

#include <cmath>
#include <initializer_list>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using lanewise::test::allocations;

namespace {

const Box box{{"x", -5, 5}, {"y", -5, 5}};

std::size_t allocated_in(const Objective& objective, std::size_t iterations) {
    const std::size_t before = allocations;
    minimize(objective, box,
             {.starts = 333,
              .iterations = iterations,
              .rule = {.alpha = 1e-9},  // no run has an end before the last iteration
              .jit = Jit::off,
              .offspring = false,
              .prune = false,
              .polish = false,
              .threads = 1});
    return allocations - before;
}

void himmelblau(Rows<const double> x, std::span<double> f) {
    for (std::size_t lane = 0; lane < f.size(); ++lane)
        f[lane] = std::pow(x[0][lane] * x[0][lane] + x[1][lane] - 11, 2) +
                  std::pow(x[0][lane] + x[1][lane] * x[1][lane] - 7, 2);
}

void himmelblau_with_gradient(Rows<const double> x, std::span<double> f, Rows<double> g) {
    himmelblau(x, f);
    for (std::size_t lane = 0; lane < f.size(); ++lane) {
        const double a = x[0][lane] * x[0][lane] + x[1][lane] - 11;
        const double b = x[0][lane] + x[1][lane] * x[1][lane] - 7;
        g[0][lane] = 4 * a * x[0][lane] + 2 * b;
        g[1][lane] = 2 * a + 4 * b * x[1][lane];
    }
}

}  // namespace

TEST_CASE("an iteration allocates nothing") {
    const Expression expression("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", box);
    const Callback callback(2, himmelblau_with_gradient);
    const CentralDifferences differences(box, himmelblau);
    for (const Objective* objective :
         std::initializer_list<const Objective*>{&expression, &callback, &differences}) {
        allocated_in(*objective, 1000);
        CHECK(allocated_in(*objective, 5000) == allocated_in(*objective, 20'000));
    }
}
