# Dear ImGui, ImPlot and the Test Engine, all from one source package so that their versions match.
# hopscope_imgui: for the product. hopscope_imgui_test: the same with the Test Engine's hooks, for tests only.
hopscope_need(glfw3 3.3 libglfw3-dev)
hopscope_need(OpenGL "" "libopengl-dev libegl-dev" COMPONENTS OpenGL EGL)

set(bundle "${HOPSCOPE_DEPS}/imgui_bundle-1.92.900/external")
if(NOT EXISTS "${bundle}/imgui/imgui/imgui.h")
    message(FATAL_ERROR "Dear ImGui not found in ${bundle}. Run scripts/setup, or pass -DHOPSCOPE_WINDOW=OFF.")
endif()
set(imgui_dir "${bundle}/imgui/imgui")
set(implot_dir "${bundle}/implot/implot")
set(palette_dir "${bundle}/imgui-command-palette/imgui-command-palette")
set(test_engine_dir "${bundle}/imgui_test_engine/imgui_test_engine/imgui_test_engine")

file(GLOB imgui_sources "${imgui_dir}/imgui*.cpp" "${implot_dir}/implot*.cpp")
list(APPEND imgui_sources
    "${imgui_dir}/misc/cpp/imgui_stdlib.cpp"
    "${imgui_dir}/backends/imgui_impl_glfw.cpp"
    "${imgui_dir}/backends/imgui_impl_opengl3.cpp")

# The templates of ImPlot take a quarter of an hour with checks; what they are given is checked where it is made.
if(HOPSCOPE_SANITIZE)
    file(GLOB unchecked "${implot_dir}/implot*.cpp" "${imgui_dir}/imgui_demo.cpp")
    set_source_files_properties(${unchecked} PROPERTIES COMPILE_OPTIONS -fno-sanitize=all)
endif()

function(hopscope_add_imgui name)
    add_library(${name} STATIC ${imgui_sources} ${ARGN})
    target_include_directories(${name} SYSTEM PUBLIC "${imgui_dir}" "${imgui_dir}/misc/cpp" "${imgui_dir}/backends" "${implot_dir}")
    target_compile_definitions(${name} PUBLIC ImDrawIdx=unsigned\ int IMGUI_USE_WCHAR32)
    target_compile_options(${name} PRIVATE -w)
    target_link_libraries(${name} PUBLIC glfw OpenGL::OpenGL OpenGL::EGL ${CMAKE_DL_LIBS} Threads::Threads)
endfunction()

hopscope_add_imgui(hopscope_imgui)
if(HOPSCOPE_TESTS)
    file(GLOB engine_sources "${test_engine_dir}/*.cpp")
    list(FILTER engine_sources EXCLUDE REGEX "imgui_te_python_gil.cpp")
    # One library, since imgui with the hooks and the engine need each other at link time.
    hopscope_add_imgui(hopscope_imgui_test ${engine_sources})
    target_include_directories(hopscope_imgui_test SYSTEM PUBLIC "${test_engine_dir}" "${test_engine_dir}/..")
    target_compile_definitions(hopscope_imgui_test PUBLIC IMGUI_ENABLE_TEST_ENGINE
        IMGUI_TEST_ENGINE_ENABLE_COROUTINE_STDTHREAD_IMPL=1 IMGUI_TEST_ENGINE_ENABLE_IMPLOT=1)
endif()
