#include <cstdio>
#include <lanewise/lanewise.hpp>

const lanewise::Objective& bowl();

int main() {
    const auto text = lanewise::minimize("(x - 1)^2 + 2", lanewise::Box{{"x", -3, 3}});
    const auto native = lanewise::minimize(bowl(), lanewise::Box{{"x", -3, 3, 2}});
    std::printf("lanewise %s: f(%.6f) = %.6f, f(%.6f, %.6f) = %.6f\n",
                std::string(lanewise::version()).c_str(), text.best.x[0], text.best.f, native.best.x[0],
                native.best.x[1], native.best.f);
    return text.best.f < 2.000001 && native.best.f < 1.000001 ? 0 : 1;
}
