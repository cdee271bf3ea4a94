// What the handle of a result holds.
#pragma once

#include <optional>
#include <string>

#include "lanewise/lanewise.h"
#include "lanewise/lanewise.hpp"

struct lanewise_result {
    lanewise::Result result;
    lanewise::Box box;
    lanewise::Options options;
    lanewise::Formula formula;  ///< empty where the objective is none
    std::string status;
    std::optional<std::string> json, table;  ///< made when they are asked for
};
