#include <cstdio>
#include <lanewise/lanewise.hpp>

int main() {
    const auto result = lanewise::minimize("(x - 1)^2 + 2", lanewise::Box{{"x", -3, 3}});
    std::printf("lanewise %s: f(%.6f) = %.6f\n", std::string(lanewise::version()).c_str(), result.best.x[0],
                result.best.f);
    return result.best.f < 2.000001 ? 0 : 1;
}
