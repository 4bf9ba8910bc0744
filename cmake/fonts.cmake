# Copies the window's fonts to where the program looks for them: assets/fonts beside it, and share/hopscope once installed.
set(bundle_fonts "${HOPSCOPE_DEPS}/imgui_bundle-1.92.900/bindings/imgui_bundle/assets/fonts")
find_path(HOPSCOPE_DEJAVU DejaVuSans.ttf
    PATHS "${HOPSCOPE_DEPS}/debian/usr/share/fonts/truetype/dejavu" /usr/share/fonts/truetype/dejavu
    /usr/share/fonts/dejavu /usr/share/fonts/TTF NO_DEFAULT_PATH)
# Chinese, Japanese and Korean. Elsewhere than on Debian another font may have them: the window looks for it.
find_file(HOPSCOPE_CJK_FONT DroidSansFallbackFull.ttf
    PATHS "${HOPSCOPE_DEPS}/debian/usr/share/fonts/truetype/droid" /usr/share/fonts/truetype/droid NO_DEFAULT_PATH)
set(fonts
    "${bundle_fonts}/Roboto/Roboto-Regular.ttf" "${bundle_fonts}/Roboto/Roboto-Bold.ttf"
    "${bundle_fonts}/Roboto/LICENSE.txt" "${bundle_fonts}/Inconsolata-Medium.ttf"
    "${HOPSCOPE_DEJAVU}/DejaVuSans.ttf" "${HOPSCOPE_DEJAVU}/DejaVuSansMono.ttf")
if(HOPSCOPE_CJK_FONT)
    list(APPEND fonts "${HOPSCOPE_CJK_FONT}")
endif()
foreach(font IN LISTS fonts)
    if(NOT EXISTS "${font}")
        message(FATAL_ERROR "Font ${font} not found. Run scripts/setup, or pass -DHOPSCOPE_WINDOW=OFF.")
    endif()
    get_filename_component(name "${font}" NAME)
    string(REPLACE "LICENSE.txt" "Roboto-LICENSE.txt" name "${name}")
    configure_file("${font}" "${PROJECT_BINARY_DIR}/assets/fonts/${name}" COPYONLY)
endforeach()
install(DIRECTORY "${PROJECT_BINARY_DIR}/assets/fonts" DESTINATION share/hopscope/assets)
