// Fits by TinySolver of Ceres with its automatic derivatives, one after the other: a peer that bench/fits.py
// compiles and runs.
//
//     tiny_solver MODEL DATA FITTED TOLERANCE
//
// DATA has doubles: the columns, then of each problem its start and its y. FITTED gets the variables of each.
// Prints the seconds of processor time that the fits alone take.
#include <ceres/tiny_solver.h>
#include <ceres/tiny_solver_autodiff_function.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct Exponential {
    static constexpr int variables = 2, columns = 1, rows = 50;

    template <class T>
    static T at(const T* p, const double* row) {
        using std::exp;
        return p[0] * exp(-p[1] * row[0]);
    }
};

template <int side>
struct Spot {
    static constexpr int variables = 5, columns = 2, rows = side * side;

    template <class T>
    static T at(const T* p, const double* row) {
        using std::exp;
        const T across = row[0] - p[1], along = row[1] - p[2];
        return p[0] * exp(-0.5 * (across * across + along * along) / (p[3] * p[3])) + p[4];
    }
};

struct Decay {
    static constexpr int variables = 2, columns = 1, rows = 8;

    template <class T>
    static T at(const T* p, const double* row) {
        using std::exp;
        return p[0] * exp(-row[0] / p[1]);
    }
};

template <class Model>
struct Residuals {
    const double* x;  ///< [row][column]
    const double* y;

    template <class T>
    bool operator()(const T* p, T* residuals) const {
        for (int row = 0; row < Model::rows; ++row)
            residuals[row] = y[row] - Model::at(p, x + row * Model::columns);
        return true;
    }
};

template <class Model>
void fit_all(const std::vector<double>& data, const char* fitted, double tolerance) {
    using Function = ceres::TinySolverAutoDiffFunction<Residuals<Model>, Model::rows, Model::variables>;
    using Vector = Eigen::Matrix<double, Model::variables, 1>;
    constexpr std::size_t each = Model::variables + Model::rows;
    const double* const problems = data.data() + Model::rows * Model::columns;
    const std::size_t count = (data.size() - Model::rows * Model::columns) / each;
    std::vector<double> found(count * Model::variables);

    const std::clock_t begin = std::clock();
    ceres::TinySolver<Function> solver;
    solver.options.function_tolerance = tolerance;
    for (std::size_t p = 0; p < count; ++p) {
        const double* const start = problems + p * each;
        const Residuals<Model> residuals{data.data(), start + Model::variables};
        const Function function(residuals);
        Vector x = Eigen::Map<const Vector>(start);
        solver.Solve(function, &x);
        std::copy_n(x.data(), Model::variables, found.data() + p * Model::variables);
    }
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;

    std::ofstream(fitted, std::ios::binary)
        .write(reinterpret_cast<const char*>(found.data()),
               static_cast<std::streamsize>(found.size() * sizeof(double)));
    std::printf("%.9f\n", seconds);
}

std::vector<double> read_all(const char* path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::vector<double> numbers(static_cast<std::size_t>(file.tellg()) / sizeof(double));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(numbers.data()),
              static_cast<std::streamsize>(numbers.size() * sizeof(double)));
    return numbers;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        std::fprintf(stderr, "usage: tiny_solver MODEL DATA FITTED TOLERANCE\n");
        return 2;
    }
    const std::string model = arguments[1];
    const std::vector<double> data = read_all(arguments[2]);
    const double tolerance = std::atof(arguments[4]);
    if (model == "exponential") {
        fit_all<Exponential>(data, arguments[3], tolerance);
    } else if (model == "spot-5") {
        fit_all<Spot<5>>(data, arguments[3], tolerance);
    } else if (model == "spot-15") {
        fit_all<Spot<15>>(data, arguments[3], tolerance);
    } else if (model == "decay") {
        fit_all<Decay>(data, arguments[3], tolerance);
    } else {
        std::fprintf(stderr, "tiny_solver: no model %s\n", model.c_str());
        return 2;
    }
    return 0;
}
