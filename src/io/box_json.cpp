#include "box_json.hpp"

#include <utility>
#include <vector>

namespace lanewise {

nlohmann::ordered_json variables_json(const Box& box) {
    using Json = nlohmann::ordered_json;
    Json variables = Json::array();
    for (const Box::Place& place : box.variables()) {
        const auto offset = static_cast<std::ptrdiff_t>(place.offset);
        const auto size = static_cast<std::ptrdiff_t>(place.size());
        const std::vector<double> lower(box.lower().begin() + offset, box.lower().begin() + offset + size);
        const std::vector<double> upper(box.upper().begin() + offset, box.upper().begin() + offset + size);
        Json variable = {{"name", place.name}};
        if (place.length) {
            variable.update({{"length", *place.length}, {"lower", lower}, {"upper", upper}});
        } else {
            variable.update({{"lower", lower.front()}, {"upper", upper.front()}});
        }
        if (place.log) variable["log"] = *place.log;
        variables.push_back(std::move(variable));
    }
    return variables;
}

}  // namespace lanewise
