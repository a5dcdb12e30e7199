#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
func.func @main(%x: tensor<256x512xf32>) -> tensor<512xf32> {
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<256xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<256xf32>) -> tensor<256xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<256x512xf32>) outs(%start : tensor<256xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<256xf32>
  %columns = tensor.empty() : tensor<512xf32>
  %begin = linalg.fill ins(%zero : f32) outs(%columns : tensor<512xf32>) -> tensor<512xf32>
  %out = linalg.generic {indexing_maps = [#all, #row, #column],
      iterator_types = ["reduction", "parallel"]}
      ins(%x, %sum : tensor<256x512xf32>, tensor<256xf32>) outs(%begin : tensor<512xf32>) {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512xf32>
  return %out : tensor<512xf32>
}
