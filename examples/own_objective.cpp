// An objective of your own: fills value and gradient for a block of points at once.
#include <cmath>
#include <cstdio>
#include <lanewise/lanewise.hpp>

// Ripples on a bowl: sum over j of x_j^2 + 3 sin(4 x_j).
class Ripples final : public lanewise::Objective {
  public:
    std::size_t dimension() const noexcept override { return 3; }

    void evaluate(const lanewise::Block<double>& block) const noexcept override {
        const auto f = block.f();
        for (double& value : f) value = 0;
        for (std::size_t j = 0; j < block.dimension; ++j) {
            const auto x = block.x(j);
            const auto g = block.g(j);
            for (std::size_t lane = 0; lane < block.lanes; ++lane) {
                f[lane] += x[lane] * x[lane] + 3 * std::sin(4 * x[lane]);
                g[lane] = 2 * x[lane] + 12 * std::cos(4 * x[lane]);
            }
        }
    }
};

int main() {
    const lanewise::Box box{{"x", -4, 4, 3}};
    const lanewise::Result result = lanewise::minimize(Ripples(), box, {.starts = 1000, .iterations = 500});
    std::printf("best value %.9f at (%.6f, %.6f, %.6f)\n", result.best.f, result.best.x[0], result.best.x[1],
                result.best.x[2]);
    std::printf("%zu minima, %zu runs\n", result.minima_found, result.runs_started());
}
