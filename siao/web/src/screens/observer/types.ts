export interface Free { name: string; free: number; in_service: number; recent: number }
export interface Cell { name: string; households: number | null; persons: number | null }
export interface Week { first: string; households: number | null; persons: number | null; nights: Cell[]; breakdowns: Record<string, Cell[]> }
export interface Statistics {
  at: string; last_week: string; cell_min: number; weeks: Week[];
  places: { zones: Free[]; schemes: Free[]; protected: Free | null };
}
