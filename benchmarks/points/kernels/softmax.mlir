// The softmax of each of $rows rows of $columns numbers.
#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$columnsx$dtype> {
  %least = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<$rowsxf32>
  %wide = tensor.empty() : tensor<$rowsx$columnsxf32>
  %out = tensor.empty() : tensor<$rowsx$columnsx$dtype>
  %cast = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<$rowsx$columnsx$dtype>) outs(%wide : tensor<$rowsx$columnsxf32>) {
  ^bb0(%in: $dtype, %old: f32):
    $widen
  } -> tensor<$rowsx$columnsxf32>
  %start = linalg.fill ins(%least : f32) outs(%rows : tensor<$rowsxf32>) -> tensor<$rowsxf32>
  %max = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%cast : tensor<$rowsx$columnsxf32>) outs(%start : tensor<$rowsxf32>) {
  ^bb0(%in: f32, %acc: f32):
    %next = arith.maximumf %acc, %in : f32
    linalg.yield %next : f32
  } -> tensor<$rowsxf32>
  %exp = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%cast, %max : tensor<$rowsx$columnsxf32>, tensor<$rowsxf32>) outs(%wide : tensor<$rowsx$columnsxf32>) {
  ^bb0(%in: f32, %m: f32, %old: f32):
    %less = arith.subf %in, %m : f32
    %e = math.exp %less : f32
    linalg.yield %e : f32
  } -> tensor<$rowsx$columnsxf32>
  %begin = linalg.fill ins(%zero : f32) outs(%rows : tensor<$rowsxf32>) -> tensor<$rowsxf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%exp : tensor<$rowsx$columnsxf32>) outs(%begin : tensor<$rowsxf32>) {
  ^bb0(%in: f32, %acc: f32):
    %next = arith.addf %acc, %in : f32
    linalg.yield %next : f32
  } -> tensor<$rowsxf32>
  %result = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%exp, %sum : tensor<$rowsx$columnsxf32>, tensor<$rowsxf32>) outs(%out : tensor<$rowsx$columnsx$dtype>) {
  ^bb0(%in: f32, %s: f32, %old: $dtype):
    %q = arith.divf %in, %s : f32
    $narrow
  } -> tensor<$rowsx$columnsx$dtype>
  return %result : tensor<$rowsx$columnsx$dtype>
}
