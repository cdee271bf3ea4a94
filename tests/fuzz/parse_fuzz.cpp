// Any bytes as an expression: compiled, and evaluated at one point, or refused with a message.
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "lanewise/lanewise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const lanewise::Box box{{"x", -5, 5}, {"v", -5, 5, 3}, {"w", 0, 1, 2}};
    static const lanewise::Parameters parameters{{"a", 1.5}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const lanewise::Expression objective(text, box, parameters);
        const std::vector<double> x = {0.7, -1.3, 2, 3, 0, 0.5};
        lanewise::evaluate(objective, x);
    } catch (const std::invalid_argument&) {  // refused
    }
    return 0;
}
